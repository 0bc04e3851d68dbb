-- prelude entries: lock entries. An entry is a member, its deadline (ms of the server's time) the score, of the zset l:
-- of its path and the zsets b: of each proper ancestor. As text it is
--   <mode: x or s> <nonce> <taken at, ms> <owner> <host> <pid> <path as in keys; nothing for the root>
-- Needs: clock

local WAKE_UP_MS = 1000

-- The mode, the owner and the path of an entry; nil for what is none.
local function parts_of(entry)
  return string.match(entry, '^([xs]) %S+ %d+ (%S+) %S+ %d+ (.*)$')
end

-- Take an entry out of the zset at its path and out of those above. `prefix` is what keys begin with, up to the letter.
local function remove_entry(prefix, entry)
  local _, _, tail = parts_of(entry)
  if not tail then return end
  redis.call('ZREM', prefix .. 'l:' .. tail, entry)
  while tail ~= '' do
    tail = string.match(tail, '^(.*)%.[^.]*$') or ''
    redis.call('ZREM', prefix .. 'b:' .. tail, entry)
  end
end

-- See to it that a key lives until a deadline at least.
local function keep(key, deadline, now)
  if redis.call('PTTL', key) < deadline - now then set_deadline(key, deadline) end
end

-- Put an entry, or its new deadline, into the zsets it stands in; KEYS: the fence counter, then those.
local function enter(entry, deadline, now)
  for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], string.format('%.0f', deadline), entry)
    keep(KEYS[i], deadline, now)
  end
end

-- Wake one that waits on a list: at once, or who comes within a second.
local function wake(list)
  redis.call('RPUSH', list, '1')
  redis.call('LTRIM', list, -1, -1)
  redis.call('PEXPIRE', list, WAKE_UP_MS)
end
