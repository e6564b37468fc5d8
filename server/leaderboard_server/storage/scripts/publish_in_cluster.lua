-- Publishes a commit to the channel of its contest at this node.
--
-- A message stays on the nodes of its slot, but these send it to each other: a master that hung, and
-- that its replica has replaced meanwhile, may still apply commits and would publish them at the new
-- master. So each node has channels of its own.

local function publish_in_cluster(channel, payload)
  local node_id = redis.pcall('CLUSTER', 'MYID')
  if type(node_id) == 'string' then
    redis.pcall('SPUBLISH', channel .. ':' .. node_id, payload)
  end
end
