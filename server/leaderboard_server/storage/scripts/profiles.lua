-- The part of a commit that changes the profile of a user: its display name and its attributes.
-- Appended to position.lua.
--
-- A profile is '<display name>', or '<display name>\31<attributes>' with the attributes as JSON in
-- the order of their keys. No name has the separator, which is a control character.

local MAX_ATTRIBUTES = 8
local MAX_ATTRIBUTES_BYTES = 256  -- of keys and values

-- Returns the display name, and the attributes as JSON or nil.
local function split_profile(profile)
  local separator = profile:find('\31', 1, true)
  if separator then
    return profile:sub(1, separator - 1), profile:sub(separator + 1)
  end
  return profile
end

-- Merges attributes: an empty value removes one.
--   before   JSON, or nil
--   changes  a table
-- Returns JSON, or '' if none is left; nil if there are too many or too long ones.
local function merge_attributes(before, changes)
  local merged = before and cjson.decode(before) or {}
  for key, value in pairs(changes) do
    merged[key] = value ~= '' and value or nil
  end
  local keys, bytes = {}, 0
  for key, value in pairs(merged) do
    keys[#keys + 1] = key
    bytes = bytes + #key + #value
  end
  if #keys > MAX_ATTRIBUTES or bytes > MAX_ATTRIBUTES_BYTES then
    return nil
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    keys[i] = '"' .. key .. '":' .. cjson.encode(merged[key])
  end
  return #keys > 0 and '{' .. table.concat(keys, ',') .. '}' or ''
end

-- Returns the profile after an update; nil if its attributes would be too many or too long.
--   before      the profile
--   name        the new display name, '' to keep it
--   changes     a table of attributes to merge, nil for none
--   clear_name  whether the display name is removed
local function change_profile(before, name, changes, clear_name)
  local kept_name, attributes = split_profile(before)
  if name == '' and not clear_name then
    name = kept_name
  end
  if changes then
    attributes = merge_attributes(attributes, changes)
    if not attributes then
      return nil
    end
  end
  return (attributes or '') == '' and name or name .. '\31' .. attributes
end

-- Returns a profile as the end of a change in JSON: the display name, and where ranks are shared or
-- there are attributes also place and previous place, and the attributes.
local function encode_profile(profile, shared, place, previous_place)
  if profile == '' and not shared then
    return '""'
  end
  local name, attributes = split_profile(profile)
  local encoded = cjson.encode(name)
  if shared or attributes then
    encoded = encoded .. ',' .. place .. ',' .. previous_place
  end
  return attributes and encoded .. ',' .. attributes or encoded
end
