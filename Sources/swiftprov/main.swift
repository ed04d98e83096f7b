print("swiftprov")
