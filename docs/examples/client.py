"""Registers, says something, prints the answer while it is made.

    pip install grpcio-tools
    python docs/examples/client.py 127.0.0.1:50051 127.0.0.1:50052 NAME

Run it from the project's root, with a name that nobody has yet.
"""
import sys, grpc

sys.path.append("proto")
accounts_at, conversations_at, name = sys.argv[1:]
auth, auth_rpc = grpc.protos_and_services("aibuddy/auth/v1/auth_service.proto")
turns = grpc.protos("aibuddy/chat/v1/turns.proto")
chat_rpc = grpc.services("aibuddy/chat/v1/chat_service.proto")
accounts = auth_rpc.AuthServiceStub(grpc.insecure_channel(accounts_at))
conversations = chat_rpc.ChatServiceStub(grpc.insecure_channel(conversations_at))
login = accounts.Register(auth.RegisterRequest(username=name, password=f"{name} has a secret"))
token = [("authorization", f"Bearer {login.tokens.access}")]
request = turns.SendMessageRequest(text="I need someone to talk to", request_id="first")
for event in conversations.StreamMessage(request, metadata=token):
    print(event.delta.text, end="", flush=True)
print()
