-- prelude snapshot: the body of a typed leaf as JSON text. core/kinds.py says which form is whose.
-- Needs: kinds

-- A score as JSON has it.
local function score_text(score)
  if score == 'inf' then return 'Infinity' end
  if score == '-inf' then return '-Infinity' end
  if string.find(score, '[.e]') then return score end
  return score .. '.0'
end

-- Bytes as a JSON string: as UTF-8 where they are, else each byte as the character of its number.
local function quoted(bytes)
  local function escape(char) return string.format('\\u%04x', string.byte(char)) end
  local rest = string.gsub(bytes, '[%z\1-\127]', '')
  rest = string.gsub(rest, '[\194-\223][\128-\191]', '')
  rest = string.gsub(rest, '\224[\160-\191][\128-\191]', '')
  rest = string.gsub(rest, '\237[\128-\159][\128-\191]', '')
  rest = string.gsub(rest, '[\225-\236\238\239][\128-\191][\128-\191]', '')
  rest = string.gsub(rest, '\240[\144-\191][\128-\191][\128-\191]', '')
  rest = string.gsub(rest, '[\241-\243][\128-\191][\128-\191][\128-\191]', '')
  rest = string.gsub(rest, '\244[\128-\143][\128-\191][\128-\191]', '')
  local special = rest == '' and '[%z\1-\31"\\\127]' or '[%z\1-\31"\\\127-\255]'
  return '"' .. string.gsub(bytes, special, escape) .. '"'
end

-- The names of the fields of a hash as names in JSON: those that are no strings are put between quotes, as json.dumps
-- does. Nil where two would be the same.
local function names_of(flat)
  local names, seen = {}, {}
  for i = 1, #flat, 2 do
    local name = flat[i]
    if string.byte(name) ~= 34 then name = '"' .. string.gsub(name, '"', '\\"') .. '"' end
    if seen[name] then return nil end
    seen[name], names[i] = true, name
  end
  return names
end

local FORMS = {}

function FORMS.elements(body, kind)
  local texts = kind == 'set' and redis.call('SMEMBERS', body) or redis.call('LRANGE', body, 0, -1)
  return '[' .. table.concat(texts, ',') .. ']'
end

-- Where names would clash, pairs: nothing is lost from sight.
function FORMS.items(body)
  local flat, parts = redis.call('HGETALL', body), {}
  local names = names_of(flat)
  for i = 1, #flat, 2 do
    parts[#parts + 1] = names and names[i] .. ':' .. flat[i + 1] or '[' .. flat[i] .. ',' .. flat[i + 1] .. ']'
  end
  return (names and '{' or '[') .. table.concat(parts, ',') .. (names and '}' or ']')
end

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

-- The JSON text of a typed leaf; nil where its body has expired, and where this version does not know its kind.
local function snapshot(marker, body)
  local kind = KINDS[marker]
  if not kind or redis.call('EXISTS', body) == 0 then return nil end
  return FORMS[kind[2]](body, kind[1])
end
