package filter

func (p *parser) pidPredicate() (Expr, error) {
	const what = "a process id"
	r, negated, err := p.numberPredicate(domain{what: what, high: maxPID, read: wholeNumber(what)})
	return negateIf(PID{r}, negated), err
}

func (p *parser) processPredicate(text ProcessText) (Expr, error) {
	m, negated, _, err := p.match(processWords[text])
	return negateIf(Process{text, m}, negated), err
}

// match reads an operator for texts and its operand.
func (p *parser) match(name string) (m Match, negated bool, operand token, err error) {
	operatorAt := p.tok
	operator, err := p.comparison()
	if err != nil {
		return Match{}, false, token{}, err
	}
	operand, err = p.operandWord("what to compare "+name+" with", nil)
	if err != nil {
		return Match{}, false, token{}, err
	}
	switch operator {
	case "=", "!=":
		m = MatchWord(operand.text)
	case "~", "!~":
		if m, err = MatchRegexp(operand.text); err != nil {
			err = p.errorAt(operand, "%s", oneLine(err))
		}
	default:
		err = p.errorAt(operatorAt, "%s is text: it is compared by =, !=, ~ and !~ only", name)
	}
	return m, operator[0] == '!', operand, err
}
