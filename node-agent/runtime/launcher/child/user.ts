// Who the program runs as: names looked up in the container's own /etc/passwd and /etc/group (passwd(5), group(5)).
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
 * A name wins over a number (a user may be called "1000"), a number needs no entry. Without a group the user's own from
 * passwd is taken, or 0. The primary group is always among the supplementary ones.
 * Throws StartRefusal for names that no file knows.
 */
export function resolveUser(plan: UserPlan, files: UserFiles): ResolvedUser & { readonly home: string } {
  const [userText = '', groupText] = plan.user.split(':', 2)
  const wantedUser = userText === '' ? '0' : userText
  const uidByNumber = parseId(wantedUser)
  const entry =
    find(passwdEntries(files.passwd), user => user.name === wantedUser) ??
    find(passwdEntries(files.passwd), user => user.uid === uidByNumber)
  const uid = entry?.uid ?? uidByNumber
  if (uid === undefined) {
    throw new StartRefusal(
      'InvalidPlan',
      `unable to find user ${userText}: no matching entries in the image's /etc/passwd`,
    )
  }
  const gid = groupText === undefined || groupText === '' ? (entry?.gid ?? 0) : resolveGroup(groupText, files)
  const fromImage =
    entry !== undefined && plan.mergeImageGroups
      ? [...groupEntries(files.group)].filter(group => group.members.includes(entry.name)).map(group => group.gid)
      : []
  const groups = new Set([gid, ...fromImage, ...plan.supplementaryGroups])
  return { uid, gid, supplementaryGroups: [...groups], home: entry?.home ?? '/' }
}

function resolveGroup(text: string, files: UserFiles): number {
  const byName = find(groupEntries(files.group), group => group.name === text)
  const gid = byName?.gid ?? parseId(text)
  if (gid === undefined) {
    throw new StartRefusal('InvalidPlan', `unable to find group ${text}: no matching entries in the image's /etc/group`)
  }
  return gid
}
