-- prelude leaf: the place of a typed leaf: what every script begins with that writes to one.
--
-- KEYS after the header's: the hash of the entry; the body; then, for leaves that are waited for: who is expected.
-- ARGV after the header's: field, marker; then the script's own, from `own` on.
-- An empty leaf is not there: the first element mounts it, the last one to go takes it away.
-- Needs: header, put, expected

local key, body = KEYS[own_key], KEYS[own_key + 1]
local field, marker, own = ARGV[own_arg], ARGV[own_arg + 1], own_arg + 2
local there = false  -- whether the leaf is: set by unfit()

-- The error of a write that may not be done, or nil. Ask before anything is written.
local function unfit()
  local refused = lost_guard()
  if refused then return refused end
  local text = living(key, field)
  if text and text ~= marker then
    return redis.error_reply('WRONGKIND ' .. (is_marker(text) and text or '~'))
  end
  there = text == marker
  return nil
end

-- Make the place a leaf of this kind, before its first element is put into the body; `settle` comes after that.
-- An error where the section must be registered first.
local limit = NONE
local function mount()
  if there then return nil end
  local refused = new_section(key)
  if refused then return refused end
  if field ~= '' then
    limit = ensure_node(key)
    local old = redis.call('HGET', key, field)
    if old then unlink_beneath(key, field, old) end
  else
    unlink_node(key)
    register(key)
  end
  redis.call('UNLINK', body)  -- nothing that expired, or was left behind, comes back
  local new = limit > 0 and redis.call('EXISTS', key) == 0
  redis.call('HSET', key, field, marker)
  if new then set_deadline(key, limit) end
  return nil
end

-- After a write: a new leaf lives as long as what it lies in; an emptied one is taken away.
local function settle()
  if redis.call('EXISTS', body) == 0 then
    redis.call('HDEL', key, field)
    prune(key)
    announce('join')
  elseif limit > 0 then
    set_deadline(body, limit)
  end
end

-- One command with many arguments, ARGV[from] to ARGV[to]. The sum of the replies; of a push (the length) the last.
local function many(command, from, to)
  local total = 0
  for at = from, to, CHUNK do
    local reply = redis.call(command, body, unpack(ARGV, at, math.min(at + CHUNK - 1, to)))
    if type(reply) ~= 'number' then return reply end
    total = (command == 'RPUSH' or command == 'LPUSH') and reply or total + reply
  end
  return total
end
