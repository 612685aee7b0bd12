// Who the program runs as: numbers as they are, names looked up in the container's own /etc/passwd and /etc/group (passwd(5), group(5)).
import { type ResolvedUser, type UserPlan } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'

export interface UserFiles {
  /** Text of /etc/passwd; undefined when there is none. */
  readonly passwd: string | undefined
  readonly group: string | undefined
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

const maxId = 0x7fffffff
const number = /^[0-9]+$/

function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !number.test(text)) return undefined
  const id = Number(text)
  return id <= maxId ? id : undefined
}

function* passwdEntries(text: string | undefined): Generator<PasswdEntry> {
  for (const line of text?.split('\n') ?? []) {
    const [name, , uidText, gidText, , home] = line.split(':')
    const [uid, gid] = [parseId(uidText), parseId(gidText)]
    if (name === undefined || name === '' || uid === undefined || gid === undefined) continue
    yield { name, uid, gid, home: home === undefined || home === '' ? '/' : home }
  }
}

function* groupEntries(text: string | undefined): Generator<GroupEntry> {
  for (const line of text?.split('\n') ?? []) {
    const [name, , gidText, members] = line.split(':')
    const gid = parseId(gidText)
    if (name === undefined || name === '' || gid === undefined) continue
    yield { name, gid, members: members?.split(',').map(member => member.trim()) ?? [] }
  }
}

function find<T>(entries: Iterable<T>, matches: (entry: T) => boolean): T | undefined {
  for (const entry of entries) if (matches(entry)) return entry
  return undefined
}

/**
 * Digits are a number and never a name: were they looked up as one, an image whose passwd calls root "1000" could have
 * itself run as root where the pod says `runAsUser: 1000`. A number needs no entry; if one has it, home and groups are that
 * entry's. Without a group the user's own from passwd is taken, or 0. The primary group is always among the supplementary
 * ones.
 * Throws StartRefusal for names that no file knows, and for numbers that are no ID.
 */
export function resolveUser(plan: UserPlan, files: UserFiles): ResolvedUser & { readonly home: string } {
  const [userText = '', groupText] = plan.user.split(':', 2)
  const wantedUser = userText === '' ? '0' : userText
  const uidByNumber = idOf('user', wantedUser)
  const entry = find(passwdEntries(files.passwd), user =>
    uidByNumber === undefined ? user.name === wantedUser : user.uid === uidByNumber,
  )
  const uid = uidByNumber ?? entry?.uid
  if (uid === undefined) throw unknown('user', userText, '/etc/passwd')
  const gid = groupText === undefined || groupText === '' ? (entry?.gid ?? 0) : resolveGroup(groupText, files)
  const fromImage =
    entry !== undefined && plan.mergeImageGroups
      ? [...groupEntries(files.group)].filter(group => group.members.includes(entry.name)).map(group => group.gid)
      : []
  const groups = new Set([gid, ...fromImage, ...plan.supplementaryGroups])
  return { uid, gid, supplementaryGroups: [...groups], home: entry?.home ?? '/' }
}

function resolveGroup(text: string, files: UserFiles): number {
  const gid = idOf('group', text) ?? find(groupEntries(files.group), group => group.name === text)?.gid
  if (gid === undefined) throw unknown('group', text, '/etc/group')
  return gid
}

/** The number that digits mean; undefined for a name. */
function idOf(what: 'user' | 'group', text: string): number | undefined {
  if (!number.test(text)) return undefined
  const id = parseId(text)
  if (id === undefined) throw new StartRefusal('InvalidPlan', `${what} ${text} is not within 0 and ${maxId}`)
  return id
}

function unknown(what: 'user' | 'group', name: string, file: string): StartRefusal {
  return new StartRefusal('InvalidPlan', `unable to find ${what} ${name}: no matching entries in the image's ${file}`)
}
