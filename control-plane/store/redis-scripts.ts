// What happens to the store's keys in Redis, each script in one step. All that Redis holds of a store:
//   {store}:revision   the newest revision
//   {store}:compacted  the revision from which on history is whole
//   {store}:keys       the live keys, in byte order (a sorted set whose scores are all 0)
//   {store}:data       key → "REVISION:" and the value
//   {store}:expiry     key → when it expires, in milliseconds by Redis' clock
//   {store}:log        history: a stream whose ids are revisions; each entry has the key, what it was before
//                      (as in data, or nothing) and, unless it was deleted, what it is now
import { createHash } from 'node:crypto'

export interface Script {
  readonly source: string
  readonly sha1: string
}

const script = (source: string): Script => ({ source, sha1: createHash('sha1').update(source).digest('hex') })

/** In the order every script gets them. */
export const keyNames = ['revision', 'compacted', 'keys', 'data', 'expiry', 'log'] as const

// Revisions stay below 2^53, so Lua's numbers hold them; printing them takes a format.
const shared = `
local revision, keys, data, expiry, log = KEYS[1], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function change(key, before, value)
  local new = string.format('%.0f', redis.call('INCR', revision))
  if value then
    redis.call('HSET', data, key, new .. ':' .. value)
    redis.call('ZADD', keys, 0, key)
    redis.call('XADD', log, new .. '-0', 'key', key, 'before', before or '', 'value', value)
  else
    redis.call('HDEL', data, key)
    redis.call('ZREM', keys, key)
    redis.call('XADD', log, new .. '-0', 'key', key, 'before', before or '')
  end
  redis.call('ZREM', expiry, key)
  return new
end
`

/**
 * ARGV, five for each write: key, 'put' or 'delete', expected revision or '', milliseconds to live or '', value.
 * Answers, for each, {1, revision}, or {0, what data holds of it (or nothing)}.
 */
export const commitScript = script(`${shared}
local results = {}
for at = 1, #ARGV, 5 do
  local key, verb, expected, lives, value = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local before = redis.call('HGET', data, key)
  local standing = before and string.match(before, '^%d+') or '0'
  if expected ~= '' and expected ~= standing then
    table.insert(results, {0, before})
  elseif verb == 'delete' and not before then
    table.insert(results, {1, redis.call('GET', revision) or '0'})
  else
    table.insert(results, {1, change(key, before, verb == 'put' and value)})
    if lives ~= '' then redis.call('ZADD', expiry, string.format('%.0f', clock() + lives), key) end
  end
end
return results
`)

/** ARGV: how many at most. Deletes the keys whose time has come; answers how many there were. */
export const expireScript = script(`${shared}
local due = redis.call('ZRANGEBYSCORE', expiry, '-inf', string.format('%.0f', clock()), 'LIMIT', 0, ARGV[1])
for _, key in ipairs(due) do
  local before = redis.call('HGET', data, key)
  if before then change(key, before, false) else redis.call('ZREM', expiry, key) end
end
return #due
`)

/** ARGV: from and to as ZRANGEBYLEX has them, and how many. Answers {revision, compacted, {key, data, …}}. */
export const listScript = script(`
local entries = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  table.insert(entries, key)
  table.insert(entries, redis.call('HGET', KEYS[4], key))
end
return {redis.call('GET', KEYS[1]) or '0', redis.call('GET', KEYS[2]) or '0', entries}
`)

/** ARGV: first and last revision, and how many. Answers {revision, compacted, what XRANGE answers}. */
export const historyScript = script(`
local entries = redis.call('XRANGE', KEYS[6], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
return {redis.call('GET', KEYS[1]) or '0', redis.call('GET', KEYS[2]) or '0', entries}
`)

/** ARGV: the revision before which to forget. */
export const compactScript = script(`
local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
local before = math.min(tonumber(ARGV[1]), newest)
if before <= tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
redis.call('SET', KEYS[2], string.format('%.0f', before))
return redis.call('XTRIM', KEYS[6], 'MINID', string.format('%.0f', before) .. '-0')
`)
