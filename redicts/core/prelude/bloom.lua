-- prelude bloom: a Bloom filter in a string: a header of HEAD bytes of text, then the bits, one layer behind the other.
--
-- The header: what the filter was opened with (`same`), then: bits and hash functions of its first layer; its layers; how
-- many bits of the last one are set; the estimate of its elements (see the part filling); what share of others all layers
-- but the last one tell from its elements. Layer i, from 0, has hashes + i functions and twice the room of the one before.
--
-- Doubles are exact here: words are below 2^48, bits at most 2^32, sums of three numbers below that are below 2^34. And a % b,
-- which is a - floor(a / b) * b, is exact for a < 2^52: a quotient that is not whole is at least 1 / b below the next whole
-- number, and rounding moves it by at most a / b / 2^53, which is less than half of that.

local HEAD, ELEMENT = 256, 16  -- bytes of the header; of the hash of an element
local POWERS = {[0] = 128, 64, 32, 16, 8, 4, 2, 1}
local byte, call = string.byte, redis.call

-- Layer i of a filter, which begins at a bit of the string.
local function layer_at(filter, i, from)
  local hashes = filter.hashes + i
  return {from = from, bits = math.ceil(filter.bits * 2 ^ i * hashes / filter.hashes), hashes = hashes}
end

local function add_layer(filter)
  local layer = layer_at(filter, #filter, filter.stop)
  filter[#filter + 1], filter.last, filter.stop = layer, layer, layer.from + layer.bits
end

-- A filter with no layers yet. (`same` ends in "scalable=1 " or "scalable=0 ".)
local function new_filter(body, same, bits, hashes)
  local filter = {body = body, same = same, bits = tonumber(bits), hashes = tonumber(hashes), stop = 8 * HEAD}
  filter.set, filter.length, filter.pass, filter.scalable = 0, 0, 1, byte(same, -2) == 49
  return filter
end

-- The filter in a body; nil where none is. The error, with the number of the filter, where it was made with other parameters.
local function filter_of(body, same, number)
  local head = call('GETRANGE', body, 0, HEAD - 1)
  if head == '' then return nil end
  local bits, hashes, layers, set, length, pass
  if string.sub(head, 1, #same) == same then
    local form = '^bits=(%d+) hashes=(%d+) layers=(%d+) set=(%d+) length=(%S+) pass=(%S+)'
    bits, hashes, layers, set, length, pass = string.match(head, form, #same + 1)
  end
  if not pass then
    head = string.gsub(head, '[^%w%p ]', '')
    return nil, redis.error_reply('PARAMETERS ' .. (number or '0') .. ' ' .. head)
  end
  local filter = new_filter(body, same, bits, hashes)
  for _ = 1, tonumber(layers) do add_layer(filter) end
  filter.set, filter.length, filter.pass = tonumber(set), tonumber(length), tonumber(pass)
  return filter
end

-- The three words of an element's hash, of 48, 40 and 40 bits: the hash begins at a byte of the text.
local function words(text, at)
  local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p = byte(text, at, at + ELEMENT - 1)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f,
    (((g * 256 + h) * 256 + i) * 256 + j) * 256 + k, (((l * 256 + m) * 256 + n) * 256 + o) * 256 + p
end

-- The bytes of the body, where that is small beside so many elements; else nil.
local function copy_of(filter, count)
  return filter.stop / 8 <= math.min(2000 * count, 2 ^ 24) and call('GET', filter.body) or nil
end

-- Whether an element seems to be in a layer; `copy`: the bytes of the body, where they were read.
local function has(filter, layer, copy, x, y, z)
  local from, bits, body = layer.from, layer.bits, filter.body
  x, y, z = x % bits, y % bits, z % bits
  for i = 1, layer.hashes do
    local at = from + x
    if copy then
      local low = at % 8
      local power = POWERS[low]
      if (byte(copy, (at - low) / 8 + 1) or 0) % (2 * power) < power then return false end
    elseif call('GETBIT', body, at) == 0 then return false end
    x, y = (x + y) % bits, (y + z + i) % bits
  end
  return true
end
