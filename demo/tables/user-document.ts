/** A user as a document store keeps one: everything of it in one document. */
export interface UserDocument {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly age: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly address: Address;
  readonly profile: Profile;
  readonly preferences: Preferences;
  readonly activityLog: readonly Entry[];
  readonly transactions: readonly Entry[];
  readonly messages: readonly Message[];
  readonly socialMedia: SocialMedia;
  readonly largeData: readonly string[];
}

interface Address {
  readonly street: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly country: string;
  readonly coordinates: { readonly lat: number; readonly lng: number };
}

interface Profile {
  readonly bio: string;
  readonly interests: readonly string[];
  readonly skills: readonly string[];
  readonly education: readonly {
    readonly institution: string;
    readonly degree: string;
    readonly year: number;
    readonly description: string;
  }[];
  readonly experience: readonly {
    readonly company: string;
    readonly position: string;
    readonly duration: string;
    readonly description: string;
  }[];
}

interface Preferences {
  readonly language: string;
  readonly timeZone: string;
  readonly notifications: {
    readonly email: boolean;
    readonly push: boolean;
    readonly sms: boolean;
  };
  readonly settings: readonly Entry[];
}

interface Message {
  /** Unique among the messages of all users. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly timestamp: string;
  readonly read: boolean;
  readonly attachments: readonly {
    readonly name: string;
    readonly size: number;
    readonly fileType: string;
  }[];
}

interface SocialMedia {
  readonly connections: readonly string[];
  readonly posts: readonly Entry[];
  readonly groups: readonly {
    /** Unique among the groups of all users. */
    readonly id: string;
    readonly name: string;
    readonly joined: string;
  }[];
}

/** A line of a log, which nothing tells from another one that is alike. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly timestamp: string;
  readonly metadata: string;
}
