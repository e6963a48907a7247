import type { UserDocument } from "./user-document.ts";

/**
 * The rows of a user, by table. The columns that lead to the row above (`user_id`, `profile_id`, …)
 * are left out where a user has one such row: the sink fills them. Of several messages, an attachment
 * has to say which one it belongs to.
 */
export function rowsOf(user: UserDocument) {
  const { id, profile, preferences, messages, socialMedia } = user;
  const { address: { zipCode, ...address }, largeData: [text1, text2, text3, text4, text5] } = user;
  return {
    users: {
      id,
      username: user.username,
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
      age: user.age,
      created_at: user.createdAt,
      updated_at: user.updatedAt,
    },
    addresses: { id, ...address, zip_code: zipCode },
    profiles: { id, bio: profile.bio, interests: profile.interests, skills: profile.skills },
    education: profile.education,
    experience: profile.experience,
    preferences: {
      id,
      language: preferences.language,
      time_zone: preferences.timeZone,
      notifications: preferences.notifications,
    },
    settings: preferences.settings,
    activity_log: user.activityLog,
    transactions: user.transactions,
    messages: messages.map(({ from, to, attachments: _, ...message }) => ({
      ...message,
      sender: from,
      recipient: to,
    })),
    attachments: messages.flatMap((message) =>
      message.attachments.map(({ name, size, fileType }) => ({
        message_id: message.id,
        name,
        size,
        file_type: fileType,
      }))
    ),
    social_media: { id, connections: socialMedia.connections },
    posts: socialMedia.posts,
    groups: socialMedia.groups,
    large_data: { id, text1, text2, text3, text4, text5 },
  };
}

/** How many rows the tables have of the users up to a number. */
export function countRows(users: Iterable<UserDocument>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const user of users) {
    for (const [table, rows] of Object.entries(rowsOf(user))) {
      counts[table] = (counts[table] ?? 0) + (Array.isArray(rows) ? rows.length : 1);
    }
  }
  return counts;
}
