-- The part of scripts that log commits. Appended to position.lua.
--
-- The payload is JSON: [epoch, previous revision, revision, total users, change...]; a change is
-- [user id, score, rank, previous score, previous rank, event type, event time, display name], with
-- the time as text, since it may pass 64 bits. Where the contest shares ranks, or the user has
-- attributes, [..., place, previous place] follows, and then the attributes if there are any. A
-- revision of a hidden user has 0 in place of a change. A row that left the board has the score, the
-- rank and the place 0. Before the changes a mark may stand, as text: "contest_updated",
-- "contest_deleted", "user_erased" or "new_season".

local TRIM_EVERY = 64  -- revisions; a trim costs as much as a log entry

-- Logs a commit at its last revision, and trims the log now and then.
--   previous_revision  the revision before the commit
--   revision           its last revision
--   kept               how many changes the log keeps, at least
local function append_to_log(log_key, previous_revision, revision, payload, kept)
  local at = whole(revision) .. '-0'
  if math.floor(revision / TRIM_EVERY) > math.floor(previous_revision / TRIM_EVERY) then
    local oldest = whole(math.max(0, revision - kept))
    redis.call('XADD', log_key, 'MINID', '~', oldest, at, 'commit', payload)
  else
    redis.call('XADD', log_key, at, 'commit', payload)
  end
end

-- Returns the beginning of a payload: '[epoch, previous revision, revision, total users'.
local function payload_head(epoch, previous_revision, revision, total)
  return '["' .. epoch .. '",' .. whole(previous_revision) .. ',' .. whole(revision) .. ',' .. total
end
