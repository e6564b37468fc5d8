-- The part of scripts that move the time at which a contest expires. Appended to position.lua.

-- Returns when a contest expires, in milliseconds since 1970 as text; '' if it does not.
--   starts_at     when it opens, '' if it is open from the beginning
--   ends_at       when it closes, '' if it does not
--   expire_after  how long after its end it expires, or where it has none after the write of now or
--                 its start, whichever is later; '' for never
--   before        when it expires so far, or nil
-- Where it counts from the last write it is later by up to a minute, so that it has to be moved at
-- most once a minute.
local function expiry(starts_at, ends_at, expire_after, before)
  if expire_after == '' then
    return ''
  elseif ends_at ~= '' then
    return whole(ends_at + expire_after)
  end
  local least = math.max(now_ms(), tonumber(starts_at) or 0) + expire_after
  if before and least <= tonumber(before) then
    return before
  end
  return whole(least + math.floor(math.min(60000, expire_after / 60)))
end
