-- The second part of scripts that write: begins epochs, and checks the rights of the store's user.

-- Returns the error for the first command that the store's user may not run, nil if there is none.
-- Without a right a script would break between two writes, so this comes before the first one.
local function missing_right(commands)
  for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(unpack(command)) then
      return redis.error_reply('NOPERM the user of this server may not run ' .. command[1])
    end
  end
end

-- Begins a new epoch after all that the contest has. Where a log is found, of whatever history, the
-- epoch takes the revision after its last id, and trims the log with an entry of its own.
-- Returns the revision that the epoch begins at, and its payload: a commit without changes.
local function begin_epoch(board_key, meta_key, log_key, new_epoch, revision)
  local last = redis.call('XREVRANGE', log_key, '+', '-', 'COUNT', 1)[1]
  local before = revision
  if last then
    before = math.max(revision, tonumber(last[1]:match('^%d+')))
    revision = before + 1
  end
  local at, total = whole(revision), whole(redis.call('ZCARD', board_key))
  local payload = '["' .. new_epoch .. '",' .. whole(before) .. ',' .. at .. ',' .. total .. ']'
  redis.call('HSET', meta_key, 'epoch', new_epoch, 'revision', at)
  if last then
    redis.call('XADD', log_key, 'MINID', '=', at, at .. '-0', 'commit', payload)
  end
  return revision, payload
end
