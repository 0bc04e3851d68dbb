-- list_splice: put elements in the place of a slice of a list.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; start, stop, step, as Python has them ("" for None); "1" where a slice with a step is to
--   be removed, else "0"; the elements.
-- Reply: {1, length}; {0, n} where a slice with a step has n elements, and another number was given: nothing was done.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(elements + distance from the nearer end); O(length) with a step.
-- Needs: leaf, sequence

local refused = unfit()
if refused then return refused end
local size, first, last = there and redis.call('LLEN', body) or 0, own + 4, #ARGV
local step, removes = tonumber(ARGV[own + 2]), ARGV[own + 3] == '1'
local start, stop = bounds(ARGV[own], ARGV[own + 1], step, size)
local count = count_between(start, stop, step)

local function push(command, texts)
  for at = 1, #texts, CHUNK do redis.call(command, body, unpack(texts, at, math.min(at + CHUNK - 1, #texts))) end
end

-- Put all elements anew. (The key stays, and its time to live with it.)
local function replace(texts)
  push('RPUSH', texts)
  redis.call('LTRIM', body, size, -1)
end

if step ~= 1 then
  if not removes and count ~= last - first + 1 then return {0, count} end
  if count == 0 then return {1, size} end
  local texts = redis.call('LRANGE', body, 0, -1)
  for i = 0, count - 1 do texts[start + i * step + 1] = removes and '' or ARGV[first + i] end
  local kept = {}
  for _, text in ipairs(texts) do if text ~= '' then kept[#kept + 1] = text end end
  replace(kept)
else
  stop = math.max(stop, start)
  if first > last and start == stop then return {1, size} end
  refused = first <= last and mount()
  if refused then return refused end
  if start >= size - stop or start == 0 then  -- what comes after is the shorter part, or all there is
    local after = stop < size and redis.call('LRANGE', body, stop, -1) or {}
    if start > 0 then redis.call('LTRIM', body, 0, start - 1) end
    many('RPUSH', first, last)
    push('RPUSH', after)
    if start == 0 then redis.call('LTRIM', body, size, -1) end
  else
    local before = redis.call('LRANGE', body, 0, start - 1)
    redis.call('LTRIM', body, stop, -1)
    for i = last, first, -1 do redis.call('LPUSH', body, ARGV[i]) end
    for i = #before, 1, -1 do redis.call('LPUSH', body, before[i]) end
  end
end
settle()
announce(first <= last and 'get' or 'put')
return {1, redis.call('LLEN', body)}
