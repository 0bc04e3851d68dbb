-- prelude snapshot: the body of a typed leaf as JSON text. core/kinds.py says which form is whose.
-- Needs: kinds, order, quoted, forms, cached

-- A score as JSON has it.
local function score_text(score)
  if score == 'inf' then return 'Infinity' end
  if score == '-inf' then return '-Infinity' end
  if string.find(score, '[.e]') then return score end
  return score .. '.0'
end

-- The names of the fields of a hash as names in JSON: those that are no strings are put between quotes, as json.dumps
-- does. Nil where two would be the same.
local function names_of(flat)
  local names, seen = {}, {}
  for i = 1, #flat, 2 do
    local name = flat[i]
    if string.byte(name) ~= 34 then name = '"' .. string.gsub(name, '[\\"]', '\\%0') .. '"' end
    if seen[name] then return nil end
    seen[name], names[i] = true, name
  end
  return names
end

function FORMS.elements(body, kind)
  local texts = kind == 'set' and redis.call('SMEMBERS', body) or redis.call('LRANGE', body, 0, -1)
  if fixed_sets and kind == 'set' then table.sort(texts) end
  return '[' .. table.concat(texts, ',') .. ']'
end

-- An object of names and values; where names would clash, pairs: nothing is lost from sight.
local function object_of(flat)
  local parts = {}
  if fixed_order then flat = in_order(flat) end
  local names = names_of(flat)
  for i = 1, #flat, 2 do
    parts[#parts + 1] = names and names[i] .. ':' .. flat[i + 1] or '[' .. flat[i] .. ',' .. flat[i + 1] .. ']'
  end
  return (names and '{' or '[') .. table.concat(parts, ',') .. (names and '}' or ']')
end

function FORMS.items(body) return object_of(redis.call('HGETALL', body)) end

function FORMS.entries(body) return object_of(entries_of(body)) end

function FORMS.scores(body)
  local flat, parts = redis.call('ZRANGE', body, 0, -1, 'WITHSCORES'), {}
  for i = 1, #flat, 2 do parts[#parts + 1] = '[' .. flat[i] .. ',' .. score_text(flat[i + 1]) .. ']' end
  return '[' .. table.concat(parts, ',') .. ']'
end

function FORMS.members(body)
  local texts = redis.call('ZRANGE', body, 0, -1)
  for i, member in ipairs(texts) do texts[i] = string.match(member, '^[^ ]* (.*)$') or member end
  return '[' .. table.concat(texts, ',') .. ']'
end

function FORMS.text(body) return quoted(redis.call('GET', body)) end

-- What was met: a typed leaf; one of a kind that this version does not know.
local typed_met, unknown_met = nil, nil

-- The JSON text of a typed leaf; nil where its body has expired. That of an unknown kind is its marker, which is no JSON:
-- who reads it is told, and nothing is taken for nothing.
local function snapshot(marker, body)
  local kind = KINDS[marker]
  if redis.call('EXISTS', body) == 0 then return nil end
  typed_met = marker
  if kind then return FORMS[kind[2]](body, kind[1]) end
  unknown_met = marker
  return marker
end
