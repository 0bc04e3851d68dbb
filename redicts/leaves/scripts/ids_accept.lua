-- ids_accept: accept proposed IDs, if all of them are above the last one that was accepted, or taken.
-- KEYS: header; the hash of the entry; the body, which holds that one.
-- ARGV: header; field; marker; the first of the proposed IDs; the last.
-- Reply: "" where they were accepted: the last of them is the last one now; else the one that is: nothing was written.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND; WRONGTYPE where the body is no whole number: nothing was written.
-- Complexity: O(1).
-- Needs: leaf, decimal

-- Mostly another was accepted before, under no lock, and no number is too long for Lua.
if ARGV[1] == '0' and #ARGV[6] <= 15 then
  local at = ARGV[2] == '1' and 2 or 1
  local current = redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4] and redis.call('GET', KEYS[at + 1])
  if current and #current <= 15 and string.find(current, '^%d+$') then
    if tonumber(ARGV[5]) <= tonumber(current) then return current end
    redis.call('SET', KEYS[at + 1], ARGV[6], 'KEEPTTL')
    return ''
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local current = there and redis.call('GET', body) or '0'
if not string.find(current, '^%d+$') then return redis.error_reply('WRONGTYPE not an integer') end
if not above(ARGV[own], current) then return current end
refused = mount()
if refused then return refused end
redis.call('SET', body, ARGV[own + 1], 'KEEPTTL')
settle()
return ''
