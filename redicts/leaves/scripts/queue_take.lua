-- queue_take: take the first items of a queue.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many; "1" where who asks will wait for one, else "0"; the texts that they must have
--   (as many are taken), or none for any.
-- Reply: {1, the items}; {0, the first items} where they are others: nothing was taken; {0} where there are none.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(items).
-- Takes: items
-- Needs: leaf

-- Mostly one of several is taken, under no lock, and nobody waits.
local at = ARGV[2] == '1' and 2 or 1
if ARGV[1] == '0' and #ARGV == 6 and ARGV[5] == '1' and redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4]
  and redis.call('EXISTS', KEYS[at + 2]) == 0 and redis.call('LLEN', KEYS[at + 1]) > 1 then
  return {1, redis.call('LPOP', KEYS[at + 1])}
end
-- Prelude

local refused = unfit()
if refused then return refused end
local first = own + 2
local texts = there and redis.call('LRANGE', body, 0, tonumber(ARGV[own]) - 1) or {}
if #texts == 0 then
  if ARGV[own + 1] == '1' then expect('get') end
  return {0}
end
local same = first > #ARGV or #texts >= #ARGV - first + 1
for i = first, #ARGV do same = same and texts[i - first + 1] == ARGV[i] end
if not same then
  table.insert(texts, 1, 0)
  return texts
end
while first <= #ARGV and #texts > #ARGV - first + 1 do table.remove(texts) end
redis.call('LTRIM', body, #texts, -1)
local more = redis.call('EXISTS', body) == 1
settle()
announce('put')
if more then announce('get') end
table.insert(texts, 1, 1)
return texts
