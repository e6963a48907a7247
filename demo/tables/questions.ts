/** What is asked of the loaded tables, in SQL of all databases. */
export const questions: readonly { readonly words: string; readonly query: string }[] = [
  {
    words: "Who has written most messages with attachments, and how much was attached?",
    query: `select username, count(distinct m.id) as messages, count(*) as attachments,
        sum(a.size) as bytes
      from users u join messages m on m.user_id = u.id join attachments a on a.message_id = m.id
      group by u.id, username order by messages desc, bytes desc, username limit 3`,
  },
  {
    words: "Which degree goes with the most positions held?",
    query: `with degrees as (
        select degree, profile_id, count(*) as degrees from education group by degree, profile_id
      ), positions as (
        select profile_id, count(*) as positions from experience group by profile_id
      )
      select degree, count(*) as people, round(avg(positions), 2) as positions
      from degrees join positions on positions.profile_id = degrees.profile_id
      group by degree order by avg(positions) desc, degree limit 3`,
  },
  {
    words: "In which cities do people post most, and in how many groups are they?",
    query: `with posted as (
        select social_media_id, count(*) as posts from posts group by social_media_id
      ), joined as (
        select social_media_id, count(*) as joined from groups group by social_media_id
      )
      select city, count(*) as people, sum(coalesce(posts, 0)) as posts,
        sum(coalesce(joined, 0)) as groups
      from addresses a join social_media s on s.user_id = a.user_id
        left join posted on posted.social_media_id = s.id
        left join joined on joined.social_media_id = s.id
      group by city order by posts desc, city limit 3`,
  },
];
