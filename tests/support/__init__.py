"""What tests share: configurations, made-up networks, the program under mocks."""
