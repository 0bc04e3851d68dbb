-- bloom_union: put what is in others into a Bloom filter of one layer.
-- KEYS: header; the hash of the entry; the body; the same of each other.
-- ARGV: header; field; marker; what all of them were opened with, as the header begins; bits and hash functions, if it is to be
--   made; the number of others; the field of each; the bodies of more, as GET gives them.
-- Reply: 1 where others had anything in them, else 0. Its time to live stays.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, with the marker found and the number of the filter (0 or none for the one that is
--   written), PARAMETERS with the number and the header found: nothing was written.
-- Complexity: O(bytes of all of them).
-- Needs: leaf, sets, lent, bloom, layers

local refused = unfit()
if refused then return refused end
local same, count, found, lengths = ARGV[own], tonumber(ARGV[own + 3]), {}, {0, 0}

-- Look at one filter.
local function take(at, number)
  local filter, wrong = filter_of(at, same, number)
  local first = found[1] or filter
  if filter and (filter.bits ~= first.bits or filter.hashes ~= first.hashes) then
    return redis.error_reply('PARAMETERS ' .. number .. ' ' .. call('GETRANGE', at, 0, HEAD - 2))
  elseif filter then
    found[#found + 1] = filter
    lengths[1], lengths[2] = math.max(lengths[1], filter.length), lengths[2] + filter.length
  end
  return wrong
end

local function take_all()
  local others = {}
  for i = 1, count do
    local other, wrong = body_at(own_key + 2 * i, ARGV[own + 3 + i], marker, i)
    if wrong then return wrong end
    others[i] = other
  end
  refused = lend(own + 4 + count, body, others)
  if refused then return refused end
  for i, other in ipairs(others) do
    refused = take(other, string.format('%d', i))
    if refused then return refused end
  end
end

refused = there and take(body) or take_all()
if refused or #found == 0 or (there and #found == 1) then
  give_back()
  return refused or 0
end
local deadline = there and deadline_of(body) or NONE
refused = mount()
if refused then
  give_back()
  return refused
end
local bodies = {}
for i, filter in ipairs(found) do bodies[i] = filter.body end
redis.call('BITOP', 'OR', body, unpack(bodies))
give_back()

-- How many elements bits stand for: S. J. Swamidass and P. Baldi, "Mathematical correction for fingerprint similarity
-- measures" (2007); at least those of the largest, and at most those of all.
local filter = new_filter(body, same, ARGV[own + 1], ARGV[own + 2])
filter.bits, filter.hashes = found[1].bits, found[1].hashes
add_layer(filter)
filter.set = call('BITCOUNT', body, HEAD, -1)
local free = math.max(1 - filter.set / filter.bits, 0.5 / filter.bits)
filter.length = math.min(math.max(-filter.bits / filter.hashes * math.log(free), lengths[1]), lengths[2])
record(filter)
if deadline > 0 then set_deadline(body, deadline) end
settle()
return 1
