-- bloom_add: put elements into a Bloom filter.
-- KEYS: header; the hash of the entry; the body.
-- ARGV: header; field; marker; what the filter was opened with, as its header begins; bits and hash functions of its first
--   layer, if it is to be made; the most bits that the string may have; the hashes of the elements, 16 bytes each.
-- Reply: how many elements are new: those that set a bit. All of its layer is allocated with the first element.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, PARAMETERS with the number 0 and the header found, OUTGROWN: nothing was written.
--   The server's, where it allows less than others: what had been added before stays.
-- Complexity: O(elements * hash functions), about 0.4 us for each of these; a new layer O(its bytes).
-- First: proof, bloom, layers, filling
-- Needs: leaf

-- Put elements in, if they surely fit: what is given in ARGV from `at` on.
local function add(filter, at)
  local limit, hashes = tonumber(ARGV[at]), ARGV[at + 1]
  local count = #hashes / ELEMENT
  if filter.scalable and not fits(filter, count, limit) then
    for from = 1, #hashes, ELEMENT do
      if within(filter, #filter, nil, words(hashes, from)) then count = count - 1 end
    end
    if not fits(filter, count, limit) then return redis.error_reply('OUTGROWN') end
  end
  return insert(filter, hashes)
end

if alive then  -- what it is mostly: the filter is there
  local at, from = guard + (ARGV[2] == '1' and 2 or 1), guard + 3
  if redis.call('HGET', KEYS[at], ARGV[from]) == ARGV[from + 1] then
    local filter, refused = filter_of(KEYS[at + 1], ARGV[from + 2])
    if refused then return refused end
    if filter then return add(filter, from + 5) end
  end
end
-- Prelude

local refused, filter = unfit(), nil
if refused then return refused end
local same, bits, hashes = ARGV[own], ARGV[own + 1], ARGV[own + 2]
if there then
  filter, refused = filter_of(body, same)
  if refused then return refused end
end
if filter then return add(filter, own + 3) end

filter = new_filter(body, same, bits, hashes)
add_layer(filter)
if filter.scalable and not fits(filter, #ARGV[own + 4] / ELEMENT, tonumber(ARGV[own + 3])) then
  return redis.error_reply('OUTGROWN')
end
refused = mount()
if refused then return refused end
local made = redis.pcall('SETBIT', body, filter.stop - 1, '0')
if type(made) == 'table' then
  settle()
  return made
end
redis.call('SETRANGE', body, 0, same)
local new = add(filter, own + 3)
settle()
return new
