-- prelude write: removing entries, and pruning the nodes that this empties.
-- Needs: header, read

local CHUNK = 4000  -- arguments for one command: Lua's stack takes about 8,000

local collect_node

-- Collect the keys that an entry has beneath it.
local function collect_beneath(key, field, text, keys)
  if is_node(text) then
    collect_node(node_of(key, field), keys)
  elseif is_marker(text) then
    keys[#keys + 1] = body_of(key, field)
  end
end

-- Collect a node's hash and all keys below it. (Most nodes hold plain leaves only, and their names are not needed.)
function collect_node(key, keys)
  keys[#keys + 1] = key
  if not has_markers(redis.call('HVALS', key)) then return end
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do collect_beneath(key, flat[i], flat[i + 1], keys) end
end

local function unlink(keys)
  for i = 1, #keys, CHUNK do
    redis.call('UNLINK', unpack(keys, i, math.min(i + CHUNK - 1, #keys)))
  end
end

-- Unlink what an entry has beneath it; the entry's own field stays.
local function unlink_beneath(key, field, text)
  local keys = {}
  collect_beneath(key, field, text, keys)
  unlink(keys)
end

-- Unlink a node's hash and everything below it.
local function unlink_node(key)
  local keys = {}
  collect_node(key, keys)
  unlink(keys)
end

-- Remove the emptied nodes from `key` upwards. (A node with nothing but expired children is empty; looking for that is
-- bounded, since larger ones are found by those who write there.)
local function prune(key)
  while true do
    local size = redis.call('HLEN', key)
    if size > 0 then
      if size > 32 or alive_node(key) then return end
      unlink_node(key)
    end
    local parent, field = entry_of(key)
    if not parent then return unregister(key) end
    redis.call('HDEL', parent, field)
    key = parent
  end
end

-- Remove an entry and everything below it. Whether something lived there.
local function remove(key, field)
  local text = look(key, field)
  if not text then return false end
  local lived = alive_entry(key, field, text)
  unlink_beneath(key, field, text)
  redis.call('HDEL', key, field)
  prune(key)
  return lived
end
