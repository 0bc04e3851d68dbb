-- set_change: change a set by others and by elements that are given, or put what they make in its place.
-- KEYS: header; the hash of the entry; the body; the same of each other set. All lie in one section.
-- ARGV: header; field; marker; "union", "intersection", "difference" or "symmetric_difference"; "1" where the set itself
--   takes part, as the first, "0" where it only gets the result; "1" where elements are given, else "0"; the number of
--   other sets; the field of each; the texts of the elements.
--   A symmetric difference has two sides. Where the set takes no part, there are other sets, or elements: not both.
-- Reply: how many elements it has then. Its time to live stays.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, with the marker found and the number of the set (0 or none for the one that is
--   written): nothing was written.
-- Complexity: O(elements of all of them).
-- Needs: leaf, sets

local refused = unfit()
if refused then return refused end
local verb, part, given, count = ARGV[own], ARGV[own + 1] == '1', ARGV[own + 2] == '1', tonumber(ARGV[own + 3])
local first = own + 4 + count
local sources = part and {there and body or body .. '.'} or {}  -- no component is empty: no such key is there
for i = 1, count do
  local other, wrong = body_at(own_key + 2 * i, ARGV[own + 3 + i], marker, i)
  if wrong then return wrong end
  sources[#sources + 1] = other
end

local COMMANDS = {union = 'SUNION', intersection = 'SINTER', difference = 'SDIFF'}

-- One command with the texts of a table.
local function each(command, texts)
  for at = 1, #texts, CHUNK do redis.call(command, body, unpack(texts, at, math.min(at + CHUNK - 1, #texts))) end
end

-- What the sets make together.
local function combined()
  if COMMANDS[verb] then return redis.call(COMMANDS[verb], unpack(sources)) end
  local found = redis.call('SDIFF', unpack(sources))
  for _, text in ipairs(redis.call('SDIFF', sources[2], sources[1])) do found[#found + 1] = text end
  return found
end

-- The same, into the body.
local function combine()
  if COMMANDS[verb] then return redis.call(COMMANDS[verb] .. 'STORE', body, unpack(sources)) end
  local both = redis.call('SINTER', unpack(sources))
  redis.call('SUNIONSTORE', body, unpack(sources))
  each('SREM', both)
end

if not there then
  local texts = count > 0 and combined() or {}
  local last = (not part or verb == 'union' or verb == 'symmetric_difference') and #ARGV or 0
  if #texts == 0 and last < first then return 0 end
  refused = mount()
  if refused then return refused end
  each('SADD', texts)
  many('SADD', first, last)
else
  local deadline = deadline_of(body)
  if count > 0 then combine() end
  if given and not part then redis.call('UNLINK', body) end
  if given and (not part or verb == 'union') then
    many('SADD', first, #ARGV)
  elseif given and verb == 'difference' then
    many('SREM', first, #ARGV)
  elseif given then
    local inside, outside = {}, {}
    for at = first, #ARGV, CHUNK do
      for i, flag in ipairs(redis.call('SMISMEMBER', body, unpack(ARGV, at, math.min(at + CHUNK - 1, #ARGV)))) do
        local side = flag == 1 and inside or outside
        side[#side + 1] = ARGV[at + i - 1]
      end
    end
    if verb == 'intersection' then redis.call('UNLINK', body) else each('SREM', inside) end
    each('SADD', verb == 'intersection' and inside or outside)
  end
  if deadline > 0 then set_deadline(body, deadline) end
end
settle()
return redis.call('SCARD', body)
