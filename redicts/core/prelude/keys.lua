-- prelude keys: spelling the keys that follow from a key that was passed in.
--
-- A node's key is <namespace>:n:{section}.b.c; names stand in it as they stand in fields, and hold no dot and no brace.
-- In these scripts an *entry* is (key, field): a field of a node's hash, or the section itself as ("...{a}", "").

-- First bytes of the markers: "/" a node ("/~" one with a time to live of its own), "~" a JSON leaf with a time to live,
-- "@..." a typed leaf. What lives as long as what it lies in has no time to live of its own.
local SLASH, TILDE, AT = 47, 126, 64

local function is_marker(text)
  local first = string.byte(text)
  return first == SLASH or first == TILDE or first == AT
end

-- Whether any of a node's texts is a marker. (is_marker written out: replacing a large document is mostly this.)
local function has_markers(texts)
  local byte = string.byte
  for i = 1, #texts do
    local first = byte(texts[i])
    if first == SLASH or first == TILDE or first == AT then return true end
  end
  return false
end

local function is_node(text) return string.byte(text) == SLASH end

-- The key of the node that stands at an entry.
local function node_of(key, field)
  if field == '' then return key end
  return key .. '.' .. field
end

-- The key of the body of the leaf that stands at an entry.
local function body_of(key, field)
  local open = string.find(key, '{', 1, true)
  return string.sub(key, 1, open - 3) .. 'v:' .. string.sub(node_of(key, field), open)
end

-- The entry of a node: its parent's key and its field. A section has no parent: nil.
local function entry_of(key)
  local tail = string.find(key, '}', 1, true)
  local parent, field = string.match(string.sub(key, tail), '^(.*)%.([^.]+)$')
  if not parent then return nil end
  return string.sub(key, 1, tail - 1) .. parent, field
end

-- Mark an entry as a node; `owns` where it has a time to live of its own. (A section's hash is mark enough.)
local function mark_node(key, field, owns)
  if field ~= '' then redis.call('HSET', key, field, owns and '/~' or '/') end
end

-- The name of the section that a key lies in.
local function section_name(key)
  return string.match(key, '{(.*)}')
end

local function section_key(key)
  return (string.match(key, '^[^}]*}'))
end

-- The key of the section of a name, beside the set of the sections' names.
local function section_of(sections, name)
  return string.sub(sections, 1, -2) .. 'n:{' .. name .. '}'
end
