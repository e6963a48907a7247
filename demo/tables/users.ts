import { Random } from "./random.ts";
import type { Entry, UserDocument } from "./user-document.ts";

const firstNames = ["Ada", "Ben", "Chidi", "Dana", "Émile", "Fatima", "Grace", "Hiro", "Inés"];
const lastNames = ["Abe", "Brown", "Costa", "Diallo", "Eriksen", "Fischer", "García", "Hall"];
const cities = ["Oslo", "Lagos", "Osaka", "Lima", "Lyon", "Austin", "Pune", "Perth", "Łódź"];
const countries = ["Norway", "Nigeria", "Japan", "Peru", "France", "India", "Poland"];
const topics = ["music", "chess", "hiking", "film", "cooking", "sailing", "poetry", "cycling"];
const trades = ["SQL", "welding", "design", "Rust", "law", "teaching", "French", "statistics"];
const schools = ["North College", "City University", "Technical Institute", "Open University"];
const degrees = ["BSc", "MSc", "BA", "MA", "PhD"];
const companies = ["Acme", "Initech", "Globex", "Umbrella", "Hooli", "Stark"];
const positions = ["engineer", "analyst", "manager", "designer", "clerk"];
const languages = ["en", "fr", "ja", "es", "pl", "no"];
const zones = ["UTC", "Europe/Oslo", "Asia/Tokyo", "America/Lima"];
const actions = ["login", "logout", "search", "purchase", "comment"];
const payments = ["card", "transfer", "voucher"];
const options = ["theme", "font", "layout", "sound", "privacy"];
const fileTypes = ["pdf", "png", "csv", "zip"];

/** The user of a number, from 1 on: always the same one, whichever were made before. */
export function userOf(number: number): UserDocument {
  const random = new Random(Math.imul(number, 0x9e37_79b1));
  const [firstName, lastName] = [random.pick(firstNames), random.pick(lastNames)];
  const username = `user${number}`;
  return {
    id: number,
    username,
    email: `${username}@example.com`,
    firstName,
    lastName,
    age: random.between(18, 90),
    createdAt: random.time(),
    updatedAt: random.time(),
    address: addressOf(random),
    profile: profileOf(random),
    preferences: preferencesOf(random),
    activityLog: random.list(5, 20, () => entryOf(random, actions, 10)),
    transactions: random.list(0, 10, () => entryOf(random, payments, 10)),
    messages: random.list(0, 5, (index) => messageOf(random, number, index)),
    socialMedia: socialMediaOf(random, number),
    largeData: Array.from({ length: 5 }, () => random.text(100)),
  };
}

function addressOf(random: Random): UserDocument["address"] {
  return {
    street: `${random.between(1, 200)} ${random.pick(lastNames)} Street`,
    city: random.pick(cities),
    state: random.text(2).toUpperCase(),
    zipCode: `${random.between(10_000, 99_999)}`,
    country: random.pick(countries),
    coordinates: {
      lat: random.between(-90_000, 90_000) / 1000,
      lng: random.between(-180_000, 180_000) / 1000,
    },
  };
}

function profileOf(random: Random): UserDocument["profile"] {
  return {
    bio: random.text(80),
    interests: random.list(2, 5, () => random.pick(topics)),
    skills: random.list(2, 6, () => random.pick(trades)),
    education: random.list(1, 3, () => ({
      institution: random.pick(schools),
      degree: random.pick(degrees),
      year: random.between(1970, 2025),
      description: random.text(50),
    })),
    experience: random.list(1, 4, () => ({
      company: random.pick(companies),
      position: random.pick(positions),
      duration: `${random.between(1, 120)} months`,
      description: random.text(50),
    })),
  };
}

function preferencesOf(random: Random): UserDocument["preferences"] {
  const isOn = () => random.between(0, 1) === 1;
  return {
    language: random.pick(languages),
    timeZone: random.pick(zones),
    notifications: { email: isOn(), push: isOn(), sms: isOn() },
    settings: random.list(1, 5, () => entryOf(random, options, 10)),
  };
}

function messageOf(random: Random, user: number, index: number): UserDocument["messages"][number] {
  return {
    id: `user${user}-message${index}`,
    from: `user${user}@example.com`,
    to: `${random.pick(firstNames).toLowerCase()}@example.org`,
    subject: random.text(20),
    body: random.text(100),
    timestamp: random.time(),
    read: random.between(0, 1) === 1,
    attachments: random.list(0, 2, () => ({
      name: random.text(12),
      size: random.between(100, 5_000_000),
      fileType: random.pick(fileTypes),
    })),
  };
}

function socialMediaOf(random: Random, user: number): UserDocument["socialMedia"] {
  return {
    connections: random.list(0, 20, () => `${random.pick(firstNames)} ${random.pick(lastNames)}`),
    posts: random.list(0, 10, () => entryOf(random, topics, 50)),
    groups: random.list(0, 3, (index) => ({
      id: `user${user}-group${index}`,
      name: `Friends of ${random.pick(topics)}`,
      joined: random.time(),
    })),
  };
}

function entryOf(random: Random, keys: readonly string[], length: number): Entry {
  return {
    key: random.pick(keys),
    value: random.text(length),
    timestamp: random.time(),
    metadata: `from ${random.pick(cities)}`,
  };
}
