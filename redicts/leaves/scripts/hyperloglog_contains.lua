-- hyperloglog_contains: which of some elements a HyperLogLog may have seen: those that would not change it.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; how many elements it may have at most; the texts of the elements.
-- Reply: for each, 1 where adding it would change nothing, else 0. Where it has more: about how many, a number alone.
-- Errors: WRONGKIND; the server's, where it takes no writes (a replica, or no memory).
-- Complexity: O(texts); for each that would change it, the body (12 KB at most) is copied once.
-- Needs: kept

local wrong = wrong_kind()
if wrong then return wrong end
local body, copy = KEYS[2], KEYS[2] .. '.'  -- no component is empty: nobody else has such a key
local count = redis.call('PFCOUNT', body)
if count > tonumber(ARGV[3]) then return count end

-- The elements are added to a copy, which nobody else sees: it is gone when the script ends, so neither replicas nor
-- the append-only file are told of it.
if redis.set_repl then redis.set_repl(redis.REPL_NONE) end
local as_was = false

-- 1 where an element would change the body, else 0; or the server's error.
local function changes(text)
  if not as_was then
    local reply = redis.pcall('COPY', body, copy, 'REPLACE')
    if type(reply) == 'table' then return reply end
  end
  local reply = redis.pcall('PFADD', copy, text)
  as_was = reply == 0
  return reply
end

local flags, failed = {}, nil
for i = 4, #ARGV do
  local reply = count == 0 and 1 or changes(ARGV[i])
  if type(reply) == 'table' then
    failed = reply
    break
  end
  flags[i - 3] = 1 - reply
end
redis.call('UNLINK', copy)
return failed or flags
