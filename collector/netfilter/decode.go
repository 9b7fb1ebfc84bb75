package netfilter

// tableKey names a table of nftables.
type tableKey struct {
	family uint8
	name   string
}

// decodeTable reads NFT_MSG_NEWTABLE.
func decodeTable(m message) (key tableKey, dormant bool) {
	key.family = m.family
	for kind, a := range attrs(m.attrs) {
		switch kind {
		case attrTableName:
			key.name = a.text()
		case attrTableFlags:
			dormant = a.u32()&tableDormant != 0
		}
	}
	return key, dormant
}

// decodeChain reads NFT_MSG_NEWCHAIN. b is nil for a chain that others call, and
// for base chains that do not matter.
func decodeChain(m message) (c *chain, b *base) {
	c = &chain{family: m.family}
	hooked, policy, kind := false, uint32(verdictAccept), ""
	var hook base
	for k, a := range attrs(m.attrs) {
		switch k {
		case attrChainTable:
			c.table = a.text()
		case attrChainName:
			c.name = a.text()
		case attrChainPolicy:
			policy = a.u32()
		case attrChainType:
			kind = a.text()
		case attrChainHook:
			hooked = true
			for k, a := range attrs(a) {
				switch k {
				case attrHookNumber:
					hook.hook = a.u32()
				case attrHookPrio:
					hook.priority = int32(a.u32())
				}
			}
		}
	}
	c.where = familyName(c.family) + " " + c.table + " " + c.name
	hook.chain, hook.filter, hook.drops = c, kind == "filter", policy == verdictDrop
	switch {
	case !hooked, c.family != familyInet && c.family != familyIPv4 && c.family != familyIPv6:
		return c, nil
	case kind == "nat" && (hook.hook == hookPrerouting || hook.hook == hookOutput),
		kind == "filter" && hook.hook == hookPrerouting:
		return c, &hook
	}
	return c, nil
}

func familyName(f uint8) string {
	switch f {
	case familyInet:
		return "inet"
	case familyIPv4:
		return "ip"
	case familyIPv6:
		return "ip6"
	}
	return "other"
}

// decodeRule reads NFT_MSG_NEWRULE.
func decodeRule(m message) (table, chain string, r *rule) {
	r = &rule{}
	for kind, a := range attrs(m.attrs) {
		switch kind {
		case attrRuleTable:
			table = a.text()
		case attrRuleChain:
			chain = a.text()
		case attrRuleExpressions:
			for _, e := range attrs(a) {
				r.add(e)
			}
		case attrRuleUserData:
			if text := comment(a); text != "" {
				r.comment = text
			}
		}
	}
	return table, chain, r
}

// comment finds the comment in what nft(8) keeps with a rule: types, lengths and
// values of one byte, one byte and that many.
func comment(b []byte) string {
	for len(b) >= 2 {
		n := int(b[1])
		if n > len(b)-2 {
			return ""
		}
		if b[0] == userDataComment {
			return attr(b[2 : 2+n]).text()
		}
		b = b[2+n:]
	}
	return ""
}

// decodeSet reads NFT_MSG_NEWSET.
func decodeSet(m message) (key setKey, d setKind) {
	key.family = m.family
	for kind, a := range attrs(m.attrs) {
		switch kind {
		case attrSetTable:
			key.table = a.text()
		case attrSetName:
			key.name = a.text()
		case attrSetFlags:
			d.flags = a.u32()
		case attrSetKeyLen:
			d.keyLen = a.u32()
		case attrSetDataType:
			d.verdicts = a.u32() == dataVerdict
		}
	}
	return key, d
}

// decodeData reads a value or a verdict.
func decodeData(b []byte) (value []byte, v verdict, isVerdict bool) {
	for kind, a := range attrs(b) {
		switch kind {
		case attrDataValue:
			value = a
		case attrDataVerdict:
			isVerdict = true
			for kind, a := range attrs(a) {
				switch kind {
				case attrVerdictCode:
					v.code = int32(a.u32())
				case attrVerdictChain:
					v.chain = a.text()
				}
			}
		}
	}
	return value, v, isVerdict
}
