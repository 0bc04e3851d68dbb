-- list_reorder: put the elements of a list in another order, or several times.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "reverse", or "repeat" and how often.
-- Reply: the length.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(length, and of what it is made).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
if not there then return 0 end
local texts = redis.call('LRANGE', body, 0, -1)
local size = #texts

local function push()
  for at = 1, size, CHUNK do redis.call('RPUSH', body, unpack(texts, at, math.min(at + CHUNK - 1, size))) end
end

if ARGV[own] == 'reverse' then
  for i = 1, math.floor(size / 2) do texts[i], texts[size + 1 - i] = texts[size + 1 - i], texts[i] end
  push()
  redis.call('LTRIM', body, size, -1)
elseif ARGV[own] == 'repeat' then
  local times = tonumber(ARGV[own + 1])
  for _ = 2, times do push() end
  if times < 1 then redis.call('UNLINK', body) end
else
  return redis.error_reply('ERR no such order')
end
settle()
announce('get')
return redis.call('LLEN', body)
