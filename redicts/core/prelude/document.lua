-- prelude document: assembling the JSON text of a place from names and stored texts, in one buffer.
--
-- Names are valid JSON between quotes, and stored leaves are JSON: nothing is decoded or encoded on the way.
-- Needs: keys, read, order, snapshot

local buffer, filled = {}, 0

local write_marked

-- Append a node. False, and the buffer as it was, where nothing in it is alive.
-- (Locals and a string for each name: names repeat, so most are there already. This loop is most of what a read costs.)
local function write_node(key)
  local flat, buffer, at, byte = redis.call('HGETALL', key), buffer, filled, string.byte
  if fixed_order then flat = in_order(flat) end
  local start, opening = at, '{"'
  for i = 1, #flat, 2 do
    local text = flat[i + 1]
    local first = byte(text)
    buffer[at + 1] = opening .. flat[i] .. '":'
    if first == SLASH or first == TILDE or first == AT then
      filled = at + 1
      if write_marked(key, flat[i], text) then at, opening = filled, ',"' end
    else
      at = at + 2
      buffer[at] = text
      opening = ',"'
    end
  end
  filled = at
  if at == start then return false end
  filled = at + 1
  buffer[filled] = '}'
  return true
end

function write_marked(key, field, text)
  if is_node(text) then return write_node(node_of(key, field)) end
  local body = body_of(key, field)
  if text == '~' then body = redis.call('GET', body) else body = snapshot(text, body) end
  if not body then return false end
  filled = filled + 1
  buffer[filled] = body
  return true
end

-- The JSON text of an entry; nil where nothing lives there.
local function document(key, field)
  local text = look(key, field)
  if not text then return nil end
  if not is_marker(text) then return text end
  filled = 0
  if not write_marked(key, field, text) then return nil end
  return table.concat(buffer, '', 1, filled)
end

-- The JSON text of the whole tree.
local function whole_document(sections_key)
  local parts = {}
  for _, name in ipairs(redis.call('SMEMBERS', sections_key)) do
    local text = document(section_of(sections_key, name), '')
    if text then parts[#parts + 1] = '"' .. name .. '":' .. text end
  end
  return '{' .. table.concat(parts, ',') .. '}'
end
