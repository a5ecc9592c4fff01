// Run by mongosh in the service mongo-init at every start: makes the replica set and Evantr's user, or brings them to
// what MEMBERS and the secrets say. Does nothing where nothing is to be done.
const fs = require("fs");

const NAME = "rs0";
const PATIENCE_SECONDS = 120;
const ALREADY_INITIALIZED = 23;
const USER_NOT_FOUND = 11;

const read = (name) => fs.readFileSync(`/run/secrets/${name}`, "utf8").trim();
const members = process.env.MEMBERS.split(",");

function open(member) {
  const password = encodeURIComponent(read("mongo_root_password"));
  return connect(`mongodb://root:${password}@${member}/admin?directConnection=true`);
}

// True if it was done, false if the server answered with the code that is expected besides.
function done(database, command, expected) {
  try {
    database.runCommand(command);
    return true;
  } catch (error) {
    if (error.code === expected) return false;
    throw error;
  }
}

function primaryOf(member) {
  for (let second = 0; second < PATIENCE_SECONDS; second += 1) {
    const leads = member.runCommand({ hello: 1 }).primary;
    if (leads) return leads;
    sleep(1000);
  }
  throw new Error(`no primary was elected within ${PATIENCE_SECONDS} s`);
}

function makeSet(member) {
  const config = { _id: NAME, members: [{ _id: 0, host: members[0] }] };
  done(member, { replSetInitiate: config }, ALREADY_INITIALIZED);
}

// One by one: MongoDB takes no more in one change of its configuration.
function addMembers(primary) {
  for (const host of members) {
    const config = primary.runCommand({ replSetGetConfig: 1 }).config;
    const known = config.members.map((member) => member.host);
    if (known.includes(host)) continue;
    config.members.push({ _id: Math.max(...config.members.map((member) => member._id)) + 1, host });
    config.version += 1;
    primary.runCommand({ replSetReconfig: config });
    print(`${host} added to the replica set`);
  }
}

// The user that the address in the secret evantr_store names. A new password comes into force here.
function makeUser(primary) {
  const [, user, password, name] = /^mongodb:\/\/([^:]+):([^@]+)@[^/]+\/([^?]+)/.exec(read("evantr_store"));
  const database = primary.getSiblingDB(name);
  const about = { pwd: decodeURIComponent(password), roles: [{ role: "readWrite", db: name }] };
  const who = decodeURIComponent(user);
  if (!done(database, { updateUser: who, ...about }, USER_NOT_FOUND)) {
    database.runCommand({ createUser: who, ...about });
  }
}

const first = open(members[0]);
makeSet(first);
const leads = primaryOf(first);
const primary = open(leads);
addMembers(primary);
makeUser(primary);
print(`The replica set ${NAME} is ready; ${leads} is its primary.`);
