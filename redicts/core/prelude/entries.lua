-- prelude entries: lock entries. An entry is a member, its deadline (ms of the server's time) the score, of the zset l:
-- of its path and the zsets b: of each proper ancestor. As text it is
--   <mode: x or s> <nonce> <taken at, ms> <owner> <host> <pid> <path as in keys; nothing for the root>

-- The mode, the owner and the path of an entry; nil for what is none.
local function parts_of(entry)
  return string.match(entry, '^([xs]) [^ ]+ %d+ ([^ ]+) [^ ]+ %d+ (.*)$')
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
