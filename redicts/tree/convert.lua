-- convert: make what stands at a place something else, if it is still what was read. Its time to live stays.
-- KEYS: header; the hash of the entry.
-- ARGV: header; field; the marker that is wanted ("~" for plain JSON); the marker and the JSON text that must be there,
--   both "" where they are asked for; then for plain JSON text ("/" for a node), number of rows, and the rows as for set;
--   for a typed leaf the command that fills it and its arguments: none to leave an empty one, which is not there.
-- Reply: {0} where there is nothing to convert; {1} where it is done; else {2, marker ("/" a node, "~" a leaf), JSON text,
--   what would be lost, or "", the server's time in us}. Lost would be: something below a node that is no plain leaf (its
--   key); bytes of a string that are not UTF-8, and when something in a dict expires ("1").
-- Errors: LOCKLOST: nothing was written.
-- Complexity: O(what is read and written); O(1) between lists, deques and queues.
-- Needs: header, put, document, moment

local refused = lost_guard()
if refused then return refused end
local key, field, wanted = KEYS[own_key], ARGV[own_arg], ARGV[own_arg + 1]
local stored = living(key, field)
if not stored then return {0} end
local found = stored
if is_node(stored) then found = '/' elseif not is_marker(stored) then found = '~' end
if found == wanted or (wanted == '~' and found == '/') then return {0} end
local body, from, to = body_of(key, field), KINDS[found], KINDS[wanted]
if from and to and from[1] == 'list' and to[1] == 'list' then return {redis.call('HSET', key, field, wanted) + 1} end

-- The key of something alive below a node that is typed, or expires by itself; nil where there are plain leaves only.
local function special(node)
  local flat = redis.call('HGETALL', node)
  for i = 1, #flat, 2 do
    if is_marker(flat[i + 1]) and alive_entry(node, flat[i], flat[i + 1]) then
      if flat[i + 1] ~= '/' then return is_node(flat[i + 1]) and node_of(node, flat[i]) or body_of(node, flat[i]) end
      local below = special(node_of(node, flat[i]))
      if below then return below end
    end
  end
  return nil
end

-- Whether any field expires by itself. (Servers that know no such thing answer with an error.)
local function fields_expire()
  local fields = redis.call('HKEYS', body)
  for at = 1, #fields, CHUNK do
    local last = math.min(at + CHUNK - 1, #fields)
    local left = redis.pcall('HPTTL', body, 'FIELDS', last - at + 1, unpack(fields, at, last))
    for _, ms in ipairs(left.err and {} or left) do if ms >= 0 then return '1' end end
  end
  return ''
end

fixed_order, fixed_sets = true, true
local text, lost = document(key, field), ''
if found == '/' then
  lost = special(node_of(key, field)) or ''
elseif from and from[2] == 'items' then
  lost = fields_expire()
elseif from and from[2] == 'text' and not string.find(text, '[\128-\255]') then
  lost = string.find(redis.call('GET', body), '[\128-\255]') and '1' or ''
end
if found ~= ARGV[own_arg + 2] or text ~= ARGV[own_arg + 3] or lost ~= '' then
  local time = redis.call('TIME')
  return {2, found, text, lost, string.format('%.0f', time[1] * 1000000 + time[2])}
end

local at, deadline = own_arg + 4, own_deadline(key, field)
if wanted == '~' then
  put(key, field, ARGV[at], at + 2, tonumber(ARGV[at + 1]), deadline)
elseif #ARGV <= at then
  remove(key, field)
else
  deadline = sooner(deadline, parent_deadline(key, field))
  unlink_beneath(key, field, stored)
  redis.call('UNLINK', body)  -- what was left behind
  for first = at + 1, #ARGV, CHUNK do
    redis.call(ARGV[at], body, unpack(ARGV, first, math.min(first + CHUNK - 1, #ARGV)))
  end
  redis.call('HSET', key, field, wanted)
  set_deadline(body, deadline)
  if field == '' then set_deadline(key, deadline) end
end
return {1}
