package netfilter

// Messages, attributes and values of nftables
// (include/uapi/linux/netfilter/nf_tables.h).
const (
	msgNewTable    = 0
	msgGetTable    = 1
	msgNewChain    = 3
	msgGetChain    = 4
	msgNewRule     = 6
	msgGetRule     = 7
	msgNewSet      = 9
	msgGetSet      = 10
	msgNewSetElem  = 12
	msgGetSetElem  = 13
	msgNewGen      = 15
	msgGetGen      = 16
	attrGenID      = 1 // NFTA_GEN_ID
	tableDormant   = 1 // NFT_TABLE_F_DORMANT
	attrTableName  = 1
	attrTableFlags = 2

	attrChainTable  = 1
	attrChainName   = 3
	attrChainHook   = 4
	attrChainPolicy = 5
	attrChainType   = 7
	attrHookNumber  = 1
	attrHookPrio    = 2

	attrRuleTable       = 1
	attrRuleChain       = 2
	attrRuleHandle      = 3
	attrRuleExpressions = 4
	attrRuleUserData    = 7
	attrListElem        = 1
	attrExprName        = 1
	attrExprData        = 2
	userDataComment     = 0

	attrSetTable    = 1
	attrSetName     = 2
	attrSetFlags    = 3
	attrSetKeyLen   = 5
	attrSetDataType = 6
	setInterval     = 0x4
	setMap          = 0x8
	setObject       = 0x40
	setConcat       = 0x80
	dataVerdict     = 0xffffff00 // NFT_DATA_VERDICT

	attrElemsTable   = 1
	attrElemsSet     = 2
	attrElemsList    = 3
	attrElemKey      = 1
	attrElemData     = 2
	attrElemFlags    = 3
	attrElemKeyEnd   = 10
	elemIntervalEnd  = 1
	elemCatchall     = 2
	attrDataValue    = 1
	attrDataVerdict  = 2
	attrVerdictCode  = 1
	attrVerdictChain = 2
)

// Families and hooks (include/uapi/linux/netfilter.h).
const (
	familyInet = 1
	familyIPv4 = 2
	familyIPv6 = 10

	hookPrerouting = 0
	hookOutput     = 3
)

// Verdicts of rules (enum nft_verdicts and NF_ACCEPT and its like); done is a
// rule that has sent the connection somewhere.
const (
	verdictDrop     = 0
	verdictAccept   = 1
	verdictContinue = -1
	verdictBreak    = -2
	verdictJump     = -3
	verdictGoto     = -4
	verdictReturn   = -5

	verdictDone = 1 << 16
)

// The keys of "meta" that are known here (enum nft_meta_keys).
const (
	metaProtocol = 1
	metaIif      = 4
	metaOif      = 5
	metaIifName  = 6
	metaOifName  = 7
	metaNfproto  = 15
	metaL4Proto  = 16
	metaRandom   = 24
)

// Headers of "payload" (enum nft_payload_bases), and where in them is what
// matters: in an IPv4 and an IPv6 header the protocol and the destination, in
// those of all protocols with ports the destination's.
const (
	payloadNetwork   = 1
	payloadTransport = 2

	offsetProto4 = 9
	offsetTo4    = 16
	offsetProto6 = 6
	offsetTo6    = 24
	offsetPort   = 2

	offsetTCPFlags = 13
	tcpSYN         = 0x02
)

// Connection states (include/uapi/linux/netfilter/nf_conntrack_common.h). Rules
// for destinations are asked for the first packet of a connection alone.
const (
	ctState    = 0 // NFT_CT_STATE
	ctStateNew = 1 << 3
)

// The other attributes are counted by hand where an expression is decoded; so
// are these flags.
const (
	fibResultType = 3
	fibToFlag     = 1 << 1
	fibArrival    = 1 << 3
	fibDeparture  = 1 << 4

	lookupInverse = 1
	natDest       = 1      // NFT_NAT_DNAT
	natNetmap     = 1 << 6 // NF_NAT_RANGE_NETMAP
)
