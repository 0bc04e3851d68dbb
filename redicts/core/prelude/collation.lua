-- prelude collation: JSON texts as keys that the server compares as Python compares the values.

-- Numbers as such; nil for what is none, for NaN, and for whole ones that a double may not hold.
local WORDS = {['true'] = 1, ['false'] = 0, Infinity = math.huge, ['-Infinity'] = -math.huge}
local function number_of(text)
  local number = WORDS[text] or (string.find(text, '^-?%d') and tonumber(text))
  if not number or (#text > 15 and math.abs(number) >= 2 ^ 53 and string.find(text, '^-?%d+$')) then return nil end
  return number
end

-- The UTF-8 of a code point, surrogates as if they were one.
local function utf8(code)
  if code < 128 then return string.char(code) end
  if code < 2048 then return string.char(192 + math.floor(code / 64), 128 + code % 64) end
  return string.char(224 + math.floor(code / 4096), 128 + math.floor(code / 64) % 64, 128 + code % 64)
end

local SIMPLE = {b = '\b', f = '\f', n = '\n', r = '\r', t = '\t'}
local function unescaped(char, hex)
  if char == 'u' then return utf8(tonumber(hex, 16)) end
  return (SIMPLE[char] or char) .. hex
end
local function paired(a, b, c, d)  -- the four bytes of what two surrogates stand for
  local high = (string.byte(a) % 16) * 64 + string.byte(b) % 64 + 64
  return string.char(240 + math.floor(high / 256), 128 + math.floor(high / 4) % 64,
    128 + (high % 4) * 16 + string.byte(c) % 16, string.byte(d))
end

-- Texts as digits, three for each byte of their UTF-8, which stand in the order of code points wherever the server is:
-- it compares texts as its locale does.
local DIGITS = {}
for byte = 0, 255 do DIGITS[string.char(byte)] = string.format('%03d', byte) end
local function digits_of(text)
  if string.byte(text) ~= 34 then return nil end
  text = string.sub(text, 2, -2)
  if string.find(text, '\\', 1, true) then
    text = string.gsub(text, '\\(.)(%x?%x?%x?%x?)', unescaped)
    text = string.gsub(text, '\237([\160-\175])([\128-\191])\237([\176-\191])([\128-\191])', paired)
  end
  return (string.gsub(text, '.', DIGITS))
end
