class InjectedConfiguration:
    pass

class InjectedReadout:
    pass
