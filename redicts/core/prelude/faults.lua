-- prelude faults: what can be wrong at a key, and how it is mended. For the script check alone.
-- Needs: clock, read, retime, kinds, sketches

local repair, sections, faults = ARGV[1] == '1', KEYS[1], {}
-- Whether the names of the sections can be asked for: here, and not overwritten by something else.
local here = ARGV[2] == '1' and (redis.call('TYPE', sections).ok == 'set' or redis.call('EXISTS', sections) == 0)

local function note(kind, key, detail, mended)
  for _, text in ipairs({kind, key, detail, mended and '1' or '0'}) do faults[#faults + 1] = text end
end

-- Note a fault, and mend it with the function if asked to.
local function fault(kind, key, detail, mend)
  note(kind, key, detail, repair)
  if repair then mend() end
end
local function drop(key) return function() redis.call('UNLINK', key) end end

-- What is at a key is of this type, or nothing is.
local function check_type(key, expected)
  local found = redis.call('TYPE', key).ok
  if found == expected then return true end
  if found ~= 'none' then fault('wrong type', key, found, drop(key)) end
  return false
end

local function check_deadline(key, parent)
  local limit, deadline = deadline_of(parent), deadline_of(key)
  if limit > 0 and (deadline < 0 or deadline > limit + 2) then
    fault('outlives its parent', key, tostring(deadline), function() set_deadline(key, limit) end)
  end
end

local function check_fields(key)
  local flat = redis.call('HGETALL', key)
  local own = redis.call('HGET', key, '')
  local leaf = own and (not is_marker(own) or string.byte(own) == AT)
  for i = 1, #flat, 2 do
    local field, text, body = flat[i], flat[i + 1], body_of(key, flat[i])
    local function drop_field() redis.call('HDEL', key, field) end
    if field == '' and not leaf or field ~= '' and leaf then
      fault('leaf and node', key, field, drop_field)
    elseif text == '/' and redis.call('EXISTS', node_of(key, field)) == 0 then
      fault('marker without node', node_of(key, field), text, drop_field)
    elseif text == '~' and redis.call('PTTL', body) == -1 and redis.call('TYPE', body).ok == 'string' then
      fault('never expires', body, text, function() inline(key, field) end)
    end
  end
end

local function check_node(key)
  if not check_type(key, 'hash') then return end
  local parent, field = entry_of(key)
  if not parent then
    if here and redis.call('SISMEMBER', sections, section_name(key)) == 0 then
      fault('section not registered', key, '', function() redis.call('SADD', sections, section_name(key)) end)
    end
  elseif redis.call('TYPE', parent).ok ~= 'hash' or not is_node(redis.call('HGET', parent, field) or '0') then
    return fault('orphan node', key, '', drop(key))
  else
    check_deadline(key, parent)
  end
  check_fields(key)
end

local function check_body(key)
  if redis.call('EXISTS', key) == 0 then return end  -- it has gone since it was listed
  local open = string.find(key, '{', 1, true)
  local node = string.sub(key, 1, open - 3) .. 'n:' .. string.sub(key, open)
  local parent, field = entry_of(node)
  if not parent then parent, field = node, '' end
  local text = redis.call('TYPE', parent).ok == 'hash' and redis.call('HGET', parent, field)
  if not text or not is_marker(text) or is_node(text) then return fault('key without marker', key, '', drop(key)) end
  local kind = text == '~' and {'string'} or KINDS[text]
  local wrong, fake = sketch(kind, key)
  if kind and not fake and not check_type(key, kind[1]) then return end
  if wrong then note('not ' .. wrong, key, redis.call('GETRANGE', key, 0, 79)) end
  if text == '~' then note('text', key, redis.call('GET', key)) else note(kind and 'typed' or 'unknown kind', key, text) end
  check_deadline(key, parent)
end
