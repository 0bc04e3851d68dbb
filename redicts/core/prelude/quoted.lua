-- prelude quoted: bytes as JSON text.

-- Well-formed UTF-8 beyond ASCII.
local CHARACTERS = {
  '[\194-\223][\128-\191]', '\224[\160-\191][\128-\191]', '\237[\128-\159][\128-\191]',
  '[\225-\236\238\239][\128-\191][\128-\191]', '\240[\144-\191][\128-\191][\128-\191]',
  '[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]',
}

-- Bytes as a JSON string: as UTF-8 where they are, else each byte as the character of its number.
local function quoted(bytes)
  local rest = bytes
  for _, form in ipairs(CHARACTERS) do rest = string.gsub(rest, form, ' ') end  -- not '': nothing must come together
  local special = string.find(rest, '[\128-\255]') and '[%z\1-\31"\\\127-\255]' or '[%z\1-\31"\\\127]'
  return '"' .. string.gsub(bytes, special, function(char) return string.format('\\u%04x', string.byte(char)) end) .. '"'
end
