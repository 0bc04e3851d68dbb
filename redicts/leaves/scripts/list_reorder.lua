-- list_reorder: put the elements of a list in another order, or several times.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "reverse"; or "rotate" and by how many to the right; or "repeat", how often, how many
--   elements there may be then (the last ones stay) or "", and how many may be added.
-- Reply: the length; -1 where more would be added: nothing was done.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(length, and of what it is made); "rotate": O(by how many, to the nearer side).
-- Needs: row

local refused = unfit()
if refused then return refused end
if not there then return 0 end
local size, order = redis.call('LLEN', body), ARGV[own]

-- The remainder of a number of any length.
local function remainder(text)
  local found = 0
  for digit in string.gmatch(text, '%d') do found = (found * 10 + tonumber(digit)) % size end
  return string.byte(text) == 45 and (size - found) % size or found
end

local function move(from, to, count)
  while count > 0 do
    local texts = redis.call(from, body, math.min(count, CHUNK))
    redis.call(to, body, unpack(texts))
    count = count - #texts
  end
end

if order == 'reverse' then
  replace(size, turned(redis.call('LRANGE', body, 0, -1)))
elseif order == 'rotate' then
  local right = remainder(ARGV[own + 1])
  if right <= size - right then move('RPOP', 'LPUSH', right) else move('LPOP', 'RPUSH', size - right) end
elseif order == 'repeat' then
  local times, most = tonumber(ARGV[own + 1]), tonumber(ARGV[own + 2]) or math.huge
  times = math.min(times, math.ceil(most / size))
  if (times - 1) * size > tonumber(ARGV[own + 3]) then return -1 end
  if times < 1 then
    redis.call('UNLINK', body)
  else
    local texts = redis.call('LRANGE', body, 0, -1)
    for _ = 2, times do push('RPUSH', texts) end
    if times * size > most then redis.call('LTRIM', body, -most, -1) end
    announce('get')
  end
else
  return redis.error_reply('ERR no such order')
end
settle()
return redis.call('LLEN', body)
