local PHONE = { address = { { kind = "whatsapp", alias = "wa_id", value = "33612345678" } } }

test("shows what the CRM knows, and asks once in ten minutes", function(t)
	t:http("http://127.0.0.1:9000/customers", { json = { plan = "Gold", open_orders = 2, url = "https://crm.example/7" } })
	local fields = t:card(PHONE)
	expect(fields[1].value):is("Gold")
	expect(fields[2].label):is("Open orders")
	expect(fields[3].link):is("https://crm.example/7")
	expect(t:requests()[1].url):contains("phone=33612345678")
	expect(t:requests()[1].headers.Authorization):is("Bearer test-token")
	t:card(PHONE)
	expect(#t:requests()):is(1)
	t:advance "11m"
	t:card(PHONE)
	expect(#t:requests()):is(2)
end)

test("asks by an attribute when told so", function(t)
	t:settings { attribute = "account" }
	t:http("http://127.0.0.1:9000/customers", { json = { plan = "Silver" } })
	t:card { attributes = { account = "A-7" } }
	expect(t:requests()[1].url):contains("account=A-7")
end)

test("an unknown customer has an empty section", function(t)
	t:http("http://127.0.0.1:9000/customers", { status = 404, body = "" })
	expect(#t:card(PHONE)):is(0)
end)

test("what was kept is forgotten", function(t)
	t:http("http://127.0.0.1:9000/customers", { json = { plan = "Gold" } })
	t:card(PHONE)
	expect(t:kv("seen/33612345678").fields[1].value):is("Gold")
	t:advance "2h"
	expect(t:kv("seen/33612345678")):is(nil)
end)
