-- The part of scripts that delete a contest. Appended to epoch.lua.

-- Returns the error for the right to delete keys, nil if the store's user has it.
local function missing_deletion_right(keys)
  return missing_right({{'UNLINK', keys[1]}})
end

-- Deletes a contest with all its keys, and publishes that. The store frees them beside its work.
--   keys             the keys of the script: all of the contest
--   channel          the channel of the contest
--   epoch, revision  the position of the contest
-- The payload is JSON: [epoch, revision, revision, 0, "contest_deleted"].
local function delete_contest(keys, channel, epoch, revision)
  redis.call('UNLINK', unpack(keys))
  local at = whole(revision)
  redis.pcall('PUBLISH', channel,
    '["' .. epoch .. '",' .. at .. ',' .. at .. ',0,"contest_deleted"]')
end
