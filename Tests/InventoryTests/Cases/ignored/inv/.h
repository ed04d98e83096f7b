_hhost
