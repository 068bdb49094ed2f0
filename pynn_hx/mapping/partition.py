def split(network, circuits, limit):
    raise NotImplementedError

def subnetwork(network, slots):
    raise NotImplementedError
