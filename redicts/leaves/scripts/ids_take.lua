-- ids_take: take the next IDs.
-- KEYS: header; the hash of the entry; the body, which holds the last ID that was taken.
-- ARGV: header; field; marker; how many, 1 to 2^63 - 1.
-- Reply: the last of them: a number, or from 2^53 on, where a Lua number would lose digits, its text.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND; OUTOFRANGE beyond 2^63 - 1; WRONGTYPE where the body is no whole number:
--   nothing was taken.
-- Complexity: O(1).
-- Needs: leaf

local EXACT = 2 ^ 53
local function refusal(reply)
  local text = tostring(reply.err)
  if string.find(text, 'overflow', 1, true) then return redis.error_reply('OUTOFRANGE') end
  if string.find(text, 'not an integer', 1, true) then return redis.error_reply('WRONGTYPE ' .. text) end
  return reply
end

-- Mostly it is a few more of what is there, under no lock. A body that is not there was none before the few came.
if ARGV[1] == '0' and #ARGV[5] <= 15 then
  local at = ARGV[2] == '1' and 2 or 1
  if redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4] then
    local last = redis.pcall('INCRBY', KEYS[at + 1], ARGV[5])
    if type(last) ~= 'number' then return refusal(last) end
    if last ~= tonumber(ARGV[5]) then
      return last < EXACT and last or redis.call('GET', KEYS[at + 1])
    end
    redis.call('DEL', KEYS[at + 1])
  end
end
-- Prelude

local refused = unfit() or mount()
if refused then return refused end
local last = redis.pcall('INCRBY', body, ARGV[own])
if type(last) ~= 'number' then return refusal(last) end
settle()
return last < EXACT and last or redis.call('GET', body)
