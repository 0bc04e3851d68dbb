-- prelude write: removing entries, and pruning the nodes that this empties.
-- Needs: header, read

local unlink_node

-- Unlink what an entry has beneath it; the entry's own field stays.
local function unlink_beneath(key, field, text)
  if is_node(text) then
    unlink_node(node_of(key, field))
  elseif is_marker(text) then
    redis.call('UNLINK', body_of(key, field))
  end
end

local function has_markers(texts)
  for i = 1, #texts do
    if is_marker(texts[i]) then return true end
  end
  return false
end

-- Unlink a node's hash and everything below it. (Most nodes hold plain leaves only, and their names are not needed.)
function unlink_node(key)
  if has_markers(redis.call('HVALS', key)) then
    local flat = redis.call('HGETALL', key)
    for i = 1, #flat, 2 do unlink_beneath(key, flat[i], flat[i + 1]) end
  end
  redis.call('UNLINK', key)
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
