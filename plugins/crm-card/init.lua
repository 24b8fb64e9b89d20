--!strict
-- A section of the customer's card. What the CRM said is kept for ten minutes; the host itself waits two seconds at most.
local p = plugin()

local GOOD_FOR = time.span("10m")

-- By what the CRM knows the contact: nil, if by nothing.
local function query_of(contact)
	local attribute = p.settings.attribute
	if attribute ~= "" then
		local account = contact.attributes and contact.attributes[attribute]
		return account and { account = account }
	end
	for _, address in contact.address or {} do
		if address.alias == "wa_id" or address.alias == "phone" then
			return { phone = (string.gsub(address.value, "[^%d]", "")) }
		end
	end
	return nil
end

local function fields_of(customer)
	local fields = {}
	for _, wanted in p.settings.fields do
		local value = customer[wanted.field]
		if value ~= nil then
			table.insert(fields, { label = wanted.label, value = tostring(value) })
		end
	end
	if type(customer.url) == "string" then
		table.insert(fields, { label = "CRM", value = customer.url, link = customer.url })
	end
	return fields
end

p:card(function(contact)
	local query = query_of(contact)
	if not query then
		return {}
	end
	local name = `seen/{query.account or query.phone}`
	local known = kv.get(name)
	if known and time.now() - known.at < GOOD_FOR then
		return known.fields
	end
	local answer, problem = http.get(p.settings.url, {
		query = query,
		timeout = "2s",
		headers = { Authorization = `Bearer {secret.token}` },
	})
	if not answer then
		error(`the CRM does not answer: {problem}`)
	end
	local fields = {}
	if answer.status == 200 then
		local customer, wrong = answer:json()
		if type(customer) ~= "table" then
			error(`the CRM's answer makes no sense: {wrong or "no object"}`)
		end
		fields = fields_of(customer)
	elseif answer.status ~= 404 then
		error(`the CRM answers {answer.status}`)
	end
	kv.set(name, { at = time.now(), fields = fields })
	return fields
end)

-- What nobody looked at lately makes room.
p:every("1h", "forget", function()
	for _, name in kv.names("seen/") do
		local known = kv.get(name)
		if known and time.now() - known.at >= GOOD_FOR then
			kv.delete(name)
		end
	end
end)

return p
