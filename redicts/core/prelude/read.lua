-- prelude read: looking at the tree without changing it.
--
-- What has expired reads as not there: a "/" whose hash is gone or has nothing alive in it, a marker without its body.
-- Needs: keys

-- What stands at an entry: the stored text, or nil. It may have expired: see alive_entry.
local function look(key, field)
  local text = redis.call('HGET', key, field)
  if text then return text end
  if field == '' and redis.call('EXISTS', key) == 1 then return '/' end
  return nil
end

-- Some fields and values of a hash, drawn at random. (fakeredis says nil where there is no hash.)
local function some_fields(key, count)
  return redis.call('HRANDFIELD', key, count, 'WITHVALUES') or {}
end

local alive_entry

-- Whether anything lives in a node. A few fields drawn at random mostly tell, whatever the size of the node.
local function alive_node(key)
  local flat = some_fields(key, 5)
  for i = 1, #flat, 2 do
    if alive_entry(key, flat[i], flat[i + 1]) then return true end
  end
  if #flat < 10 then return false end
  flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if alive_entry(key, flat[i], flat[i + 1]) then return true end
  end
  return false
end

function alive_entry(key, field, text)
  if not is_marker(text) then return true end
  if is_node(text) then return alive_node(node_of(key, field)) end
  return redis.call('EXISTS', body_of(key, field)) == 1
end

-- What lives at an entry: its text, or nil.
local function living(key, field)
  local text = look(key, field)
  if text and alive_entry(key, field, text) then return text end
  return nil
end

-- The names in a node that are alive.
local function living_names(key)
  local names = {}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if flat[i] ~= '' and alive_entry(key, flat[i], flat[i + 1]) then names[#names + 1] = flat[i] end
  end
  return names
end

local function living_sections(sections_key)
  local names = {}
  for _, name in ipairs(redis.call('SMEMBERS', sections_key)) do
    if living(section_of(sections_key, name), '') then names[#names + 1] = name end
  end
  return names
end
